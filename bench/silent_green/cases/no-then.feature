@shop/sell
Feature: Selling
  @id:one
  Scenario: One
    Given a stock of 3
