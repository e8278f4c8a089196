@shop/sell
Feature: Selling
  Background:
    Given a stock of 3
    Then 3 are left
  @id:one
  Scenario: One
    When 1 are sold
