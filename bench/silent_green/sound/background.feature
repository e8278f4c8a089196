@shop/sell
Feature: Selling
  Background:
    Given a stock of 3

  @id:one
  Scenario: One
    When 1 are sold
    Then 2 are left
